"""The gate that refuses photos without a lesion on skin: what it learns from, its fit and its report."""
