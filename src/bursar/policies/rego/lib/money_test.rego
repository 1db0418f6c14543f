package bursar.tests.money

import data.bursar.money

test_amounts_read_as_people_write_them if {
	money.text(70000000, "USD") == "70.00 USD"
	money.text(1999999, "EUR") == "2.00 EUR"
	money.text(-1250000, "USD") == "-1.25 USD"
}

test_only_amounts_are_compared if {
	money.above(2, 1)
	not money.above(1, 1)
	not money.above("1", 99)
	not money.above(2, null)
}
