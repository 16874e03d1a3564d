import { formatNumberOf } from "../../format.ts";

export const cron = {
  everyDay: "every day",
  workdays: "from Monday to Friday",
  weekdays: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
  on: (days: string) => `on ${days}`,
  monthDay: (day: number) => `on day ${day} of each month`,
  at: (times: string, days: string) => `At ${times}, ${days}`,
  hourly: (minute: number, days: string) => `Every hour at minute ${minute}, ${days}`,
  hours: (hours: number, minute: number, days: string) => `Every ${formatNumberOf(hours, "hour")} at minute ${minute}, ${days}`,
  minutes: (minutes: number, days: string) => `Every ${formatNumberOf(minutes, "minute")}, ${days}`,
  next: "Next:",
  yourTime: "in your time",
  never: "This never comes due.",
  invalid: "This is no cron expression: minute, hour, day, month and weekday, with spaces between.",
};
