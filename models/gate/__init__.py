"""The gate, which refuses photos without a lesion on skin: its training pictures, its fit and its report."""
