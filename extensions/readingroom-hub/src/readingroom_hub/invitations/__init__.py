"""The inviting service: it makes the accounts of guests and removes them, and alone may do so. It keeps nothing itself."""
