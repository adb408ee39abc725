"""What is measured: each work is one question, with the bar that its answer is held against."""
