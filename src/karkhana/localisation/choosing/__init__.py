"""What to localise next: candidates and planned units as tables and files, and the answer told to people."""
