"""Reports for a doctor: A4 pages as PDF."""
