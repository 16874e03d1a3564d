/** The sandbox's time: the machine's, plus what control calls have added to it. Milliseconds since 1970. */
export type Clock = () => number;
