#!/bin/sh
# How long the program takes, in milliseconds.
begin=$(date +%s%N)
awk -v N=1500 -f src/primes.awk > /dev/null || exit 1
end=$(date +%s%N)
echo "time: $(( (end - begin) / 1000000 )).$(( (end - begin) / 1000 % 1000 / 100 )) ms"
