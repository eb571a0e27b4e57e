"""The server of Zoufang 走访."""

__version__ = "0.1.0"
