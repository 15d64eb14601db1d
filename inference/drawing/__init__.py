"""What people see of an `Analysis`: the annotated photo, the heat map and their texts."""
