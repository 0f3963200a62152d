package inherited

const prlimit64 = 302
