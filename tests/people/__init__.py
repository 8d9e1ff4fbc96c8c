"""Users, roles, sessions and approvals."""
