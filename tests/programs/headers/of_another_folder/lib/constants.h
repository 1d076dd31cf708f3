enum { ONE = 1 };
