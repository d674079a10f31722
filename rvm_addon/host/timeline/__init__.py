"""From strips to jobs, and from finished jobs back to strips."""
