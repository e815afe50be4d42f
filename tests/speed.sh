# shellcheck shell=bash
# How fast is this machine just now?  Limits of time in tests are those of an idle machine of the kind the tests were
# written on.  A slower or busier one gets more time.

# slowness: in hundredths, and never less than 100: at 200 everything takes twice as long.  Takes 0.2 s itself.
slowness() {
	local i sum=0 began=${EPOCHREALTIME/[.,]/} took
	for ((i = 0; i < 120000; i++)); do sum=$((sum + i)); done
	took=$((${EPOCHREALTIME/[.,]/} - began))
	printf '%d' $((took > 220000 ? took / 2200 : 100))
}
