"""What this package costs, measured side by side with what else does the same work."""
