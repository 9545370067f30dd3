"""What people do: events and use by feature, recorded beside the work itself."""
