"""Reports for a doctor: A4 pages as PDF, of one result or of a mole's history."""
