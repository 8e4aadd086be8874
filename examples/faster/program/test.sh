#!/bin/sh
# Whether the program counts right, in the Test Anything Protocol.
failed=0
echo "1..5"
for case in "2 0" "3 1" "10 4" "100 25" "500 95"; do
    set -- $case
    found=$(awk -v N="$1" -f src/primes.awk)
    if [ "$found" = "$2" ]; then
        echo "ok - primes below $1"
    else
        echo "not ok - primes below $1: $2, not $found"
        failed=1
    fi
done
exit $failed
