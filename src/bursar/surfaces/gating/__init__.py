"""A decision of the gate in every form it leaves in: JSON, SARIF, JUnit, Markdown. What strangers wrote is inert in each."""
