"""What a diagnosis is made of: the question, the evidence, and what each cause finds in it. Pure."""
