// After an interview has arrived the operator goes on; the server has noted what the interview concluded.
document.getElementById("interview")?.addEventListener("zoufang:submitted", () => location.assign("/call/"));
