"""The measured processes on a host; they import nothing of ours but `loop`."""
