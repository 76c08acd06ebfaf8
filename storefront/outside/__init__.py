"""The world: each thing behind one class of ours."""
