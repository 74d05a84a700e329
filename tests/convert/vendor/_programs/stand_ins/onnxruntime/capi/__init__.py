"""As the real one."""
