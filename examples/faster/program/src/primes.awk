# Counts the primes below N.
BEGIN {
    count = 0
    for (n = 2; n < N; n++) {
        prime = 1
        for (d = 2; d < n; d++)
            if (n % d == 0) prime = 0
        count += prime
    }
    print count
}
