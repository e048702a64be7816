"""A person at the desk: signs in through the page, fills its forms, reads what it answers."""

from urllib.parse import urlencode, urlsplit

from offline_sync.demo.forms import Form, Page
from offline_sync.demo.link import Answer, DemoError, Link


class Desk:
    """One person's browser on a link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.cookie = ""

    def sign_in(self, name: str, password: str) -> None:
        """Through /sign-in. Raises DemoError with what the page says."""
        answer = self._send("POST", "/sign-in", [("name", name), ("password", password), ("next", "/")])
        if answer.status != 303:
            told = self.alert(answer) or f"状态 {answer.status}"
            raise DemoError(f"用户 {name} 登录不了 {self.link.url}：{told}")
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]

    def sign_out(self) -> None:
        """Leave no sign-in behind."""
        form = self.page("/password").form("/sign-out")
        if form:
            self.post(form)

    def page(self, path: str) -> Page:
        """A page. Raises DemoError when there is none for this person."""
        answer = self._send("GET", path)
        if answer.status != 200:
            told = self.alert(answer) or f"状态 {answer.status}"
            raise DemoError(f"打不开页面 {path}：{told}。请确认服务与本程序是同一版本。")
        return Page(answer.body.decode())

    def form(self, path: str, ending: str) -> Form:
        """A form of a page. Raises DemoError when the page has none."""
        found = self.page(path).form(ending)
        if found is None:
            raise DemoError(f"页面 {path} 上没有通向 {ending} 的表单，可能此刻不能办理。")
        return found

    def post(self, form: Form, **changes: str | list[str]) -> Answer:
        """Send a form with some fields filled; `name_` stands for `name[]`. Raises DemoError when it is refused."""
        told = {(name[:-1] + "[]" if name.endswith("_") else name): value for name, value in changes.items()}
        answer = self._send("POST", form.action, form.filled(told))
        if answer.status not in (200, 303):
            words = self.alert(answer) or f"状态 {answer.status}"
            raise DemoError(f"表单 {form.action} 没有办成：{words}")
        return answer

    def set_own_password(self, name: str, one_time: str, password: str) -> None:
        """Sign in with a one-time password and change it, as everybody does at first."""
        self.sign_in(name, one_time)
        form = self.form("/password", "/password")
        self.post(form, old=one_time, new=password, again=password)
        self.sign_out()

    @staticmethod
    def alert(answer: Answer) -> str:
        """What a page says is wrong."""
        page = Page(answer.body.decode(errors="replace"))
        return "；".join(page.alerts) or page.by_id.get("main", "")[:200]

    def _send(self, method: str, path: str, fields: list[tuple[str, str]] | None = None) -> Answer:
        body = urlencode(fields).encode() if fields is not None else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        if self.cookie:
            headers["Cookie"] = self.cookie
        # A form is sent once: nobody presses the button again without having looked.
        return self.link.call(method, path, body, headers, again=method == "GET")


def last_part(location: str) -> str:
    """The id at the end of an address."""
    return urlsplit(location).path.rstrip("/").rpartition("/")[2]
