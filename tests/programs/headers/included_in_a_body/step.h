printf("%d %d\n", sum - await id(1), i);
