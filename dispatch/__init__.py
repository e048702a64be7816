"""What is done about it: tasks, reviews, deadlines, scorecards and the figures that need both."""
