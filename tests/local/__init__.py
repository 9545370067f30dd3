"""Promises of the embedded servers, the supervisor and the stand-ins."""
