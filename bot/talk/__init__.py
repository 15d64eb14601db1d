"""What people write in their own words: symptoms and questions, recognised by patterns in both languages."""
