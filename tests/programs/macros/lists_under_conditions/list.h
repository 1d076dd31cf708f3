#ifdef WANT_A
X(a, 1)
#endif
#ifdef WANT_B
X(b, 2)
#else
X(not_b, 20)
#endif
X(c, 3)
