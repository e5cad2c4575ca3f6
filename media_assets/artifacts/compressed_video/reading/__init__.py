"""What is there: pictures, times, tracks and boxes of a video, its source or a result, each as its file tells it.

What does not belong here: anything that knows what is to be made of it.
"""
