# METADATA
# title: Money in whole micro-units
# description: The host hands amounts over as integers of 10^-6; a text or a null is never compared as an amount.
package bursar.money

# METADATA
# title: Whether an amount is known and above another
above(amount, limit) if {
	is_number(amount)
	is_number(limit)
	amount > limit
}

# METADATA
# title: An amount for people, with cents
text(micros, currency) := sprintf("%s%d.%02d %s", [_sign(micros), floor(_cents(micros) / 100), _cents(micros) % 100, currency])

_cents(micros) := round(abs(micros) / 10000)

_sign(micros) := "-" if micros < 0

_sign(micros) := "" if micros >= 0
