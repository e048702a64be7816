"""Serving tablets on a local network: a certificate authority of this house's own, and the page that explains it."""
