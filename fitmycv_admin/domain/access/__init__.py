"""Roles, permissions, sessions: who may do what."""
