import { formatNumberOf } from "../../format.ts";

/** Times, and lengths of time. What is a string here has the reader's form already. */
export const time = {
  now: "now",
  justNow: "just now",
  /** On their own. */
  moment: {
    today: (time: string) => time,
    yesterday: (time: string) => `yesterday at ${time}`,
    tomorrow: (time: string) => `tomorrow at ${time}`,
    day: (day: string, time: string) => `${day} at ${time}`,
  },
  /** Within a sentence. */
  when: {
    today: (time: string) => `at ${time}`,
    yesterday: (time: string) => `yesterday at ${time}`,
    tomorrow: (time: string) => `tomorrow at ${time}`,
    day: (day: string, time: string) => `on ${day} at ${time}`,
  },
  fewSeconds: "a few seconds",
  seconds: (seconds: number) => `${seconds} seconds`,
  minutes: (minutes: number) => formatNumberOf(minutes, "minute"),
  hours: (hours: number, minutes: number) => `${formatNumberOf(hours, "hour")}${minutes === 0 ? "" : ` ${minutes} min`}`,
  days: (days: number, hours: number) => `${formatNumberOf(days, "day")}${hours === 0 ? "" : ` ${hours} h`}`,
  tookSeconds: (seconds: number) => `${seconds} s`,
  tookMinutes: (minutes: number, seconds: number) => `${minutes} min${seconds === 0 ? "" : ` ${seconds} s`}`,
  tookHours: (hours: number, minutes: number) => `${hours} h${minutes === 0 ? "" : ` ${minutes} min`}`,
};
