"""Azure: an enterprise enrolment and a customer agreement, both billed in euros, each with two exports."""
