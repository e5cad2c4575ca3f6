"""How the library fares: space saved, speed, success, cost."""
