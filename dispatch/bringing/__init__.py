"""Bringing in today's ledger: an office's Excel becomes tasks. Read, checked and said first; then in whole batches."""
