"""asyncc: async/await for C. Translates .ac files into C11 state machines."""

__version__ = "0.1.0"
