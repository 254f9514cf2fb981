"""Where units are built: stations, the gate, trace and recall."""
