"""karkhana: runs a contract electronics factory and proves, device by device, what was promised."""

__version__ = "0.1.0"
