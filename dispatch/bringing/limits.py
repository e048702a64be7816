"""How much of a ledger is taken at once, and what is said of more."""

MOST_BYTES = 500 << 20  # of the file
MOST_UNPACKED = 3 << 30
MOST_XML = 300 << 20  # of all parts that are no pictures
MOST_PARTS = 20_000
MOST_SHEETS = 50
MOST_ROWS = 5_000  # with anything in them, in one sheet
MOST_COLUMNS = 60
MOST_PICTURES = 6_000
MOST_MERGES = 50_000
MOST_TEXT = 4_000  # letters of a cell that are looked at
PHOTO_BYTES = 15 << 20
HEAD_ROWS = 30  # a table's head is looked for in these
MEMORY = 1 << 30  # bytes of address space of the reading process
SECONDS = 300


class UnreadableError(Exception):
    """A file that cannot be taken; `str()` is the sentence for people: what, and what to do."""


SAVE_AS = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（.xlsx）”后再上传"
