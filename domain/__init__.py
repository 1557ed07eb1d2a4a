"""What is true: commands, resources, rules, outcomes. No IO, no clock, no settings."""
