"""The design room's pages, one module per subject; site/urls.py gives them their addresses and roles."""
