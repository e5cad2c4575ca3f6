"""Moving redundant copies to a review folder, and back: the plan, its execution and its undoing."""
