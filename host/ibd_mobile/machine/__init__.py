"""Phones and hosts: one way to reach them, and what is read from and set on them."""
