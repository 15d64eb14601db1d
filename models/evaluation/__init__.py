"""How good the served pipeline is: metrics, reports and plots."""
