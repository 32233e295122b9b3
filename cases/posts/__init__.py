"""Who answers for each area, school and class: the register and its faults, the monthly question, and the hand-over of a post."""
