"""The tablet's camera and stores in a real Chromium, on a page of their own."""
