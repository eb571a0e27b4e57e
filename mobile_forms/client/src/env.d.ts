declare module "virtual:desk.css";
