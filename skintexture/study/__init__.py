"""From measurements to findings: what changed between photographs."""
